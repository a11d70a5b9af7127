// The accounts of the look-alike, as a grid lists them and a form shows them.

export const accounts = ["Contoso", "Fabrikam", "Adventure Works", "Northwind Traders"].map((name, index) => ({
  id: String(index + 1),
  name,
  city: ["Praha", "Brno", "Ostrava", "Plzeň"][index],
}));

export function accountOf(id) {
  return accounts.find((account) => account.id === id) ?? accounts[0];
}
