//! Writing XML: escaped text, one element a line, no state beside the open elements.

/// A document being written.
#[derive(Debug, Default)]
pub struct XmlOut {
    text: String,
    open: Vec<&'static str>,
}

impl XmlOut {
    /// Begins a document of the ISO message `name` (`pain.001.001.09`).
    pub fn message(name: &str) -> Self {
        let head =
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:{name}\">\n");
        Self { text: head, open: Vec::new() }
    }

    /// Writes an element with what `inside` writes.
    pub fn within(&mut self, name: &'static str, inside: impl FnOnce(&mut Self)) {
        self.indent();
        self.text.push_str(&format!("<{name}>\n"));
        self.open.push(name);
        inside(self);
        self.open.pop();
        self.indent();
        self.text.push_str(&format!("</{name}>\n"));
    }

    /// Writes an element that holds text.
    pub fn leaf(&mut self, name: &str, text: &str) {
        self.indent();
        self.text.push_str(&format!("<{name}>{}</{name}>\n", escaped(text)));
    }

    /// Writes an element that holds text, if there is any.
    pub fn leaf_if(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.leaf(name, text);
        }
    }

    /// Writes an amount with its currency.
    pub fn amount(&mut self, name: &str, currency: &str, amount: &str) {
        self.indent();
        self.text.push_str(&format!("<{name} Ccy=\"{}\">{}</{name}>\n", escaped(currency), escaped(amount)));
    }

    /// Writes text at the end of a path of elements.
    pub fn path(&mut self, names: &[&'static str], text: &str) {
        match names {
            [] => {}
            [last] => self.leaf(last, text),
            [first, rest @ ..] => self.within(first, |out| out.path(rest, text)),
        }
    }

    /// The finished document.
    pub fn done(mut self) -> String {
        self.text.push_str("</Document>\n");
        self.text
    }

    fn indent(&mut self) {
        for _ in 0..=self.open.len() {
            self.text.push_str("  ");
        }
    }
}

/// Text with the signs of XML escaped.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            _ => safe.push(c),
        }
    }
    safe
}
