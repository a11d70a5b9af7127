// Timers. Bound by clock.rs.

export function sleep(ms) {
  let timer;
  const answer = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { answer, close: () => clearTimeout(timer) };
}
