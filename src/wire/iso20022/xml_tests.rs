//! Hostile XML, and texts that are too long.

use super::*;

fn whole(text: &str) -> Result<Element, XmlFault> {
    let mut xml = Xml::new(text);
    let root = xml.begun()?.ok_or(XmlFault::Limit("nothing"))?;
    let tree = xml.element(root)?;
    while xml.begun()?.is_some() {}
    Ok(tree)
}

#[test]
fn prefixes_entities_and_cdata_are_read() {
    let tree = whole("<x:a xmlns:x='urn:x' b='1&amp;2'><x:c> 张&#x4E09;&lt;<![CDATA[<&]]> </x:c><c/></x:a>").unwrap();
    assert_eq!(tree.attribute("b"), Some("1&2"));
    assert_eq!(tree.text_at(&["c"]).unwrap(), "张三<<&");
    assert_eq!(tree.all("c").len(), 2);
}

#[test]
fn hostile_files_are_refused() {
    assert_eq!(whole("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"), Err(XmlFault::Dtd));
    assert!(matches!(whole(&"<a>".repeat(65)), Err(XmlFault::Limit(_))));
    assert!(matches!(whole(&format!("<a>{}</a>", "x".repeat(TEXT_MAX + 1))), Err(XmlFault::Part(_))));
    assert!(matches!(whole(&format!("<a>{}</a>", "x<b/>".repeat(TEXT_MAX))), Err(XmlFault::Part(_))));
    let many: String = (0..65).map(|n| format!(" a{n}='1'")).collect();
    assert!(matches!(whole(&format!("<a{many}/>")), Err(XmlFault::Limit(_))));
    for broken in ["<a>", "<a></b>", "<a", "<a><b></a></b>", "<a b=1>&", "text only <", "<a>&#xZZ;</a>"] {
        assert!(whole(broken).is_err(), "{broken}");
    }
}

#[test]
fn an_entity_that_nobody_declared_is_replaced_and_told_once() {
    let mut xml = Xml::new("<a c='&x;'><b>1&nbsp;2</b><b>&y;3&y;</b><b>&amp;</b></a>");
    let root = xml.begun().unwrap().unwrap();
    assert_eq!(root.attribute("c"), Some("\u{FFFD}"));
    let tree = xml.element(root).unwrap();
    let texts: Vec<&str> = tree.children.iter().map(|child| child.text.as_str()).collect();
    assert_eq!(texts, ["1 2", "\u{FFFD}3\u{FFFD}", "&"]);
    let told: Vec<String> = xml.strange().into_iter().map(|problem| problem.en).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[2].contains("`&y;`, 2 times"), "{told:?}");
    assert!(xml.strange().iter().all(|problem| !problem.loses));
    let many: String = (0..100).map(|number| format!("&e{number};")).collect();
    let text = format!("<a>{many}</a>");
    let mut xml = Xml::new(&text);
    let root = xml.begun().unwrap().unwrap();
    assert_eq!(xml.element(root).unwrap().text.chars().count(), 100);
    assert_eq!(xml.strange().len(), STRANGE_MAX);
}

#[test]
fn depth_of_64_is_still_read() {
    let text = format!("{}{}", "<a>".repeat(64), "</a>".repeat(64));
    assert!(whole(&text).is_ok());
}

#[test]
fn children_are_pulled_and_the_rest_passed_over() {
    let mut xml = Xml::new("<r><a><b><c/></b></a><a/>text<d>1</d></r><after/>");
    let root = xml.begun().unwrap().unwrap();
    let mut names = Vec::new();
    while let Some(child) = xml.child(&root).unwrap() {
        names.push(child.name);
    }
    assert_eq!(names, ["a", "a", "d"]);
    assert_eq!(xml.begun().unwrap().unwrap().name, "after");
}

#[test]
fn versions_are_told_by_the_namespace() {
    for (uri, name) in [
        ("urn:iso:std:iso:20022:tech:xsd:camt.053.001.08", Some("camt.053.001.08")),
        ("http://www.iso20022.org/pain.002.001.03", Some("pain.002.001.03")),
        ("urn:iso:std:iso:20022:tech:xsd:head.001.001.01", None),
    ] {
        let text = format!("<Document xmlns='{uri}'/>");
        assert_eq!(message_name(&Xml::new(&text).begun().unwrap().unwrap()).as_deref(), name);
    }
}

#[test]
fn what_stands_behind_an_element_with_a_long_text_is_read() {
    let long = "x".repeat(TEXT_MAX + 1);
    let text = format!("<root><a><b>{long}&amp;{long}</b><c>1</c></a><a><b>2</b></a></root>");
    let mut xml = Xml::new(&text);
    let root = xml.begun().unwrap().unwrap();
    let first = xml.child(&root).unwrap().unwrap();
    assert!(matches!(xml.element(first), Err(XmlFault::Part(_))));
    let second = xml.child(&root).unwrap().unwrap();
    assert_eq!(xml.element(second).unwrap().text_at(&["b"]).as_deref(), Some("2"));
    assert!(xml.child(&root).unwrap().is_none());
}
