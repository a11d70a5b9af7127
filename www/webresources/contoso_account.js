// A customer's form library: it runs in the script frame of each account form and knows nothing of the broker.

var Contoso = Contoso || {};
Contoso.Account = {
  loaded: [],
  onLoad(executionContext) {
    Contoso.Account.loaded.push(executionContext.getFormContext().data.entity.getId());
  },
};
