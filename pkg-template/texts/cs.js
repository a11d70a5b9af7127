// Czech.

export const prompt = {
  lcid: 1029,
  title: "Přihlášení",
  invitation: "Některé části této stránky vyžadují přihlášení.",
  leaving: "Pro přihlášení tuto stránku opustíte a pak se na ni vrátíte. Nejdřív uložte změny.",
  oneMore: "Ještě jedno kliknutí a přihlašovací okno se otevře.",
  signIn: "Přihlásit se",
  notNow: "Teď ne",
  waiting: "Pokračujte v přihlašovacím okně. Až se přihlásíte, stránka bude pokračovat.",
  signOut: "Odhlásit se",
  signingOut: "Odhlásíte se od Microsoftu v tomto prohlížeči, tady i v dalších aplikacích.",
  openAgain: "Otevřít znovu",
  cancel: "Zrušit",
};

export const redirect = {
  title: "Přihlašování",
  working: "Okamžik, prosím.",
  done: "Toto okno můžete zavřít.",
  unknown: "Tady není žádné přihlášení k dokončení. Toto okno můžete zavřít.",
  failed: "Přihlášení se nepodařilo předat. Zavřete toto okno a zkuste to znovu.",
};
