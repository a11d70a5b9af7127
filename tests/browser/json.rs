//! Values that any script on the page may hand over.

use super::js;
use crate::json::Value;
use broker_core::Json;
use wasm_bindgen_test::wasm_bindgen_test;

fn value(script: &str) -> Value {
    Value::new(js(&format!("({script})")))
}

#[wasm_bindgen_test]
fn members_of_the_right_type_are_read() {
    let value = value("{ a: 'x', n: 7, t: '9', b: false, o: { i: 1 }, l: ['p', 'q'], c: [1, 'x', 2.5, 3] }");
    assert_eq!(value.text("a").as_deref(), Some("x"));
    assert_eq!((value.number("n"), value.number("t")), (Some(7), Some(9)));
    assert_eq!(value.flag("b"), Some(false));
    assert_eq!(value.member("o").unwrap().number("i"), Some(1));
    assert_eq!(value.texts("l"), Some(vec!["p".to_owned(), "q".to_owned()]));
    assert_eq!(value.numbers("c"), [1, 3]);
    assert_eq!(value.names(), ["a", "n", "t", "b", "o", "l", "c"]);
}

#[wasm_bindgen_test]
fn members_of_another_type_read_as_absent() {
    let value = value("{ a: 7, b: 'true', o: null, f() {}, l: ['p', 7], s: 'pq' }");
    assert_eq!(value.text("a"), None);
    assert_eq!(value.flag("b"), None);
    assert!(value.member("o").is_none() && value.member("f").is_none());
    assert_eq!((value.texts("l"), value.texts("s")), (None, None));
}

#[wasm_bindgen_test]
fn only_whole_numbers_within_the_safe_range_are_numbers() {
    for no in ["-1", "1.5", "NaN", "Infinity", "2 ** 53", "1n", "'-1'", "'1.5'", "''", "' 1'", "true"] {
        assert_eq!(value(&format!("{{ n: {no} }}")).number("n"), None, "{no}");
    }
    assert_eq!(value("{ n: 2 ** 53 - 1 }").number("n"), Some((1 << 53) - 1));
}

#[wasm_bindgen_test]
fn what_throws_reads_as_absent() {
    let hostile = value("new Proxy({}, { get() { throw 1; }, ownKeys() { throw 2; } })");
    assert_eq!(hostile.text("a"), None);
    assert!(hostile.member("a").is_none());
    assert!(hostile.names().is_empty());
    assert_eq!(value("{ get a() { throw 3; } }").text("a"), None);
}

#[wasm_bindgen_test]
fn what_is_no_object_has_no_members() {
    for nothing in ["null", "undefined", "7", "'text'", "Symbol()", "[1, 2]"] {
        let nothing = value(nothing);
        assert!(nothing.names().is_empty());
        assert_eq!(nothing.text("a"), None);
    }
}

#[wasm_bindgen_test]
fn an_undefined_member_is_one_that_was_left_out() {
    assert_eq!(value("{ a: 1, b: undefined }").names(), ["a"]);
}

#[wasm_bindgen_test]
fn text_that_is_no_json_has_no_members() {
    assert!(Value::parse("{").names().is_empty());
    assert_eq!(Value::parse("{\"a\":\"b\"}").text("a").as_deref(), Some("b"));
}

#[wasm_bindgen_test]
fn json_in_base64url_is_read_to_the_letter() {
    // {"a":"ř🦀~?>"}, which needs both letters that base64url has of its own.
    let right = "eyJhIjoixZnwn6aAfj8-IiwiYiI6Ij8_In0";
    let value = Value::parse_base64url(right);
    assert_eq!((value.text("a").as_deref(), value.text("b").as_deref()), (Some("ř🦀~?>"), Some("??")));
    for wrong in [
        "",
        "a",
        "eyJhIjoiYiJ9.",
        "eyJhIjoiYiJ9=",
        " eyJhIjoiYiJ9",
        "eyJhIjoiYiJ9\n",
        "eyJhIjoixZnwn6aAfj8+IiwiYiI6Ij8/In0", // Plain base64.
        "eyJhIjoi_yJ9",                        // No UTF-8.
        "YQ",                                  // No JSON.
        "ř",
    ] {
        assert!(Value::parse_base64url(wrong).names().is_empty(), "{wrong}");
    }
}

#[wasm_bindgen_test]
fn what_a_page_puts_on_every_object_is_no_member() {
    js("Object.prototype.authority = 'https://evil.example'");
    let value = value("{ a: 'x' }");
    let read = (value.text("authority"), value.names());
    js("delete Object.prototype.authority");
    assert_eq!(read, (None, vec!["a".to_owned()]));
}
