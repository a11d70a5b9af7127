//! Shapes of XML elements, and a look whether an element has its shape. Order counts where Dataverse's schemas say so.

use super::Findings;
use roxmltree::Node;

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// What a text may be.
pub(super) struct Kind {
    pub(super) what: &'static str,
    pub(super) fits: fn(&str) -> bool,
}

/// How much something is missed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// An import needs it.
    Must,
    /// Every export has it.
    Should,
    /// It may be there.
    May,
}

pub(super) struct Attribute(pub(super) &'static str, pub(super) Need, pub(super) &'static Kind);

pub(super) struct Child(pub(super) &'static str, pub(super) Need, pub(super) &'static Shape);

pub(super) enum Content {
    /// Nothing, and nobody looks.
    Open,
    /// No element and no text.
    Empty,
    Text(&'static Kind),
    /// A text, or `xsi:nil`.
    Nillable,
    /// Each at most once, in this order.
    Sequence(&'static [Child]),
    /// Each at most once.
    Each(&'static [Child]),
    /// Any number of one kind.
    Many(Child),
}

pub(super) struct Shape {
    pub(super) attributes: &'static [Attribute],
    pub(super) content: Content,
}

/// Looks at an element and everything in it.
pub(super) fn check(node: Node<'_, '_>, shape: &Shape, path: &str, findings: &mut Findings) {
    for Attribute(name, need, kind) in shape.attributes {
        match node.attribute(*name) {
            Some(value) if !(kind.fits)(value) => {
                findings.error(path, format!("{name} is {value:?} and should be {}", kind.what));
            }
            None => miss(*need, path, &format!("attribute {name}"), findings),
            Some(_) => {}
        }
    }
    for attribute in node.attributes() {
        let known = shape.attributes.iter().any(|Attribute(name, ..)| *name == attribute.name());
        let nil = attribute.namespace() == Some(XSI) && attribute.name() == "nil";
        findings.expect(known || nil, path, format!("attribute {} is not known here", attribute.name()));
    }
    let elements: Vec<Node<'_, '_>> = node.children().filter(Node::is_element).collect();
    let text = node.text().unwrap_or_default().trim();
    match &shape.content {
        Content::Open => {}
        Content::Empty | Content::Text(_) | Content::Nillable if !elements.is_empty() => {
            findings.error(path, "has elements inside");
        }
        Content::Text(kind) if !(kind.fits)(text) => {
            findings.error(path, format!("is {text:?} and should be {}", kind.what));
        }
        Content::Nillable => {
            let nil = node.attribute((XSI, "nil"));
            findings.expect(
                text.is_empty() == (nil == Some("true")),
                path,
                "has either a text or xsi:nil=\"true\"",
            );
        }
        Content::Text(_) => {}
        Content::Empty | Content::Sequence(_) | Content::Each(_) | Content::Many(_) if !text.is_empty() => {
            findings.error(path, format!("has the text {text:?} between its elements"));
        }
        Content::Empty => {}
        Content::Many(Child(name, need, shape)) => {
            if elements.is_empty() {
                miss(*need, path, name, findings);
            }
            for (at, element) in elements.iter().enumerate() {
                let place = format!("{path}/{}[{}]", element.tag_name().name(), at + 1);
                if element.has_tag_name(*name) {
                    check(*element, shape, &place, findings);
                } else {
                    findings.warning(&place, "is not known here");
                }
            }
        }
        Content::Sequence(children) => {
            let order: Vec<usize> =
                elements.iter().filter_map(|element| place_of(*element, children)).collect();
            if !order.is_sorted() {
                findings.error(path, "has its elements in an order in which an import can skip some");
            }
            each(&elements, children, path, findings);
        }
        Content::Each(children) => each(&elements, children, path, findings),
    }
}

fn each(elements: &[Node<'_, '_>], children: &[Child], path: &str, findings: &mut Findings) {
    for Child(name, need, shape) in children {
        let mut found = elements.iter().filter(|element| element.has_tag_name(*name));
        match found.next() {
            Some(element) => check(*element, shape, &format!("{path}/{name}"), findings),
            None => miss(*need, path, name, findings),
        }
        if found.next().is_some() {
            findings.error(path, format!("has {name} more than once"));
        }
    }
    for element in elements.iter().filter(|element| place_of(**element, children).is_none()) {
        findings.warning(path, format!("{} is not known here", element.tag_name().name()));
    }
}

fn place_of(element: Node<'_, '_>, children: &[Child]) -> Option<usize> {
    children.iter().position(|Child(name, ..)| element.has_tag_name(*name))
}

fn miss(need: Need, path: &str, what: &str, findings: &mut Findings) {
    match need {
        Need::Must => findings.error(path, format!("{what} is missing")),
        Need::Should => findings.warning(path, format!("{what} is missing, which every export has")),
        Need::May => {}
    }
}
