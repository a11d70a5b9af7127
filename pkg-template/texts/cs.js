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
  offer: "Je potřeba ještě jedno okno.",
  go: "Pokračovat",
  unknown: "Tady není žádné přihlášení k dokončení. Toto okno můžete zavřít.",
  failed: "Přihlášení se nepodařilo předat. Zavřete toto okno a zkuste to znovu.",
};

export const status = {
  title: "Stav přihlášení",
  working: "Okamžik, prosím.",
  signedIn: "Přihlášený účet: {0}.",
  signedOut: "Nikdo není přihlášen.",
  signIn: "Přihlásit se",
  signOut: "Odhlásit se",
  missing: "Token Broker tu není. Načtěte stránku znovu; pokud to nepomůže, správce zkontroluje jeho řešení.",
};

export const ribbon = {
  label: "Stav přihlášení",
  tooltip: "Kdo je přihlášen pro části této stránky, které používají jiné služby.",
};

export const solution = {
  variable: "Token Broker: konfigurace",
  variableDescription: "JSON: které registrace Token Broker používá a kde je jeho Security Token Service. Bez hodnoty nikoho nepřihlásí.",
  setting: "Token Broker: v této aplikaci",
  settingDescription: "Ne: pás karet této aplikace neukazuje stav přihlášení a Token Broker nenačítá. Ovládací prvky, které o něj požádají, ho dostanou.",
};
