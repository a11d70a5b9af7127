//! Reading what was parsed, without a parser: the browser's at the rim, serde_json and its like in tests. JSON, and everything else
//! that comes in as text, is read as this.

/// A parsed JSON value. A member of another type reads as absent: foreign input is never trusted to be well formed.
/// Only own members count: an inherited one would let a page that changed `Object.prototype` speak for the configuration.
pub trait Json: Sized + 'static {
    /// A member that is a text.
    fn text(&self, name: &str) -> Option<String>;
    /// A member that is a text; empty if there is none.
    fn text_or_empty(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }
    /// A member that is a whole number from 0 to 2⁵³, or the decimal text of one (Entra sends both).
    fn number(&self, name: &str) -> Option<u64>;
    /// A member that is a boolean.
    fn flag(&self, name: &str) -> Option<bool>;
    /// A member that is an object or a list.
    fn member(&self, name: &str) -> Option<Self>;
    /// The names of an object's own members, but for those that are `undefined`; empty for anything else.
    fn names(&self) -> Vec<String>;
    /// The texts in a member that is a list; none if any item is something else.
    fn texts(&self, name: &str) -> Option<Vec<String>>;
    /// The numbers in a member that is a list; items of another type are left out.
    fn numbers(&self, name: &str) -> Vec<u64>;
}
