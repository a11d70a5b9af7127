// Names below `localhost` are this machine (RFC 6761 §6.3), which not every system's resolver knows. Loaded before a script.
import dns from 'node:dns';

const system = dns.lookup;
dns.lookup = (name, options, done = options) => {
  if (!name.endsWith('.localhost')) return system(name, options, done);
  const all = typeof options === 'object' && options.all;
  return process.nextTick(() => (all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)));
};
