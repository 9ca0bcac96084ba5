//! XML as AWS writes it: an element has a text or children, never both.

use std::fmt::Write;

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Xml {
    /// Its name, with the prefix if it has one.
    pub name: String,
    /// Its attributes as they are written.
    attributes: String,
    /// Its text, if it has no children.
    pub text: String,
    /// The elements in it.
    pub children: Vec<Xml>,
}

impl Xml {
    /// An element with children.
    pub fn new(name: &str, children: Vec<Self>) -> Self {
        Self { name: name.to_owned(), children, ..Self::default() }
    }

    /// An element with a text.
    pub fn leaf(name: &str, text: impl ToString) -> Self {
        Self { name: name.to_owned(), text: text.to_string(), ..Self::default() }
    }

    /// With a default namespace.
    #[must_use]
    pub fn in_namespace(mut self, namespace: &str) -> Self {
        self.attributes = format!(" xmlns=\"{namespace}\"");
        self
    }

    /// Reads a document; none if it is not XML.
    pub fn parse(document: &str) -> Option<Self> {
        Reader { rest: document }.root()
    }

    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text at a path of names such as `AliasTarget/DNSName`; empty if there is none.
    pub fn at(&self, path: &str) -> &str {
        let mut found = Some(self);
        for name in path.split('/') {
            found = found.and_then(|found| found.child(name));
        }
        found.map_or("", |found| &found.text)
    }

    /// Gives its child of this name a text; an empty one takes the child away.
    pub fn set(&mut self, name: &str, text: impl ToString) {
        let text = text.to_string();
        self.children.retain(|child| child.name != name || !text.is_empty());
        match self.children.iter_mut().find(|child| child.name == name) {
            Some(child) => {
                *child = Self { attributes: std::mem::take(&mut child.attributes), ..Self::leaf(name, text) }
            }
            None if text.is_empty() => {}
            None => self.children.push(Self::leaf(name, text)),
        }
    }

    /// Replaces its child of the same name, or adds one.
    pub fn put(&mut self, element: Self) {
        match self.children.iter_mut().find(|child| child.name == element.name) {
            Some(child) => *child = element,
            None => self.children.push(element),
        }
    }

    /// Calls a function with each element of this name, however deep.
    pub fn each(&mut self, name: &str, function: &mut dyn FnMut(&mut Self)) {
        for child in &mut self.children {
            if child.name == name {
                function(child);
            } else {
                child.each(name, function);
            }
        }
    }

    /// All elements of this name, however deep.
    pub fn all(&self, name: &str) -> Vec<&Self> {
        let mut found = Vec::new();
        for child in &self.children {
            if child.name == name {
                found.push(child);
            } else {
                found.extend(child.all(name));
            }
        }
        found
    }

    /// The document.
    pub fn document(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        let _ = write!(out, "<{}{}>", self.name, self.attributes);
        for letter in self.text.chars() {
            match letter {
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '&' => out.push_str("&amp;"),
                '\r' => out.push_str("&#13;"),
                letter => out.push(letter),
            }
        }
        for child in &self.children {
            child.write(out);
        }
        let _ = write!(out, "</{}>", self.name);
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn root(&mut self) -> Option<Xml> {
        loop {
            self.until("<")?;
            if self.rest.starts_with(['?', '!']) {
                self.until(">")?;
            } else {
                return self.element();
            }
        }
    }

    /// After its `<`.
    fn element(&mut self) -> Option<Xml> {
        let head = self.until(">")?;
        let (head, empty) = head.strip_suffix('/').map_or((head, false), |head| (head, true));
        let end = head.find(char::is_whitespace).unwrap_or(head.len());
        let (name, attributes) = head.split_at(end);
        let mut element = Xml { name: name.to_owned(), attributes: attributes.trim_end().to_owned(), ..Xml::default() };
        if name.is_empty() || empty {
            return (!name.is_empty()).then_some(element);
        }
        loop {
            element.text.push_str(&unescaped(self.until("<")?));
            if let Some(rest) = self.rest.strip_prefix("!--") {
                self.rest = rest;
                self.until("-->")?;
            } else if let Some(rest) = self.rest.strip_prefix("![CDATA[") {
                self.rest = rest;
                element.text.push_str(self.until("]]>")?);
            } else if let Some(rest) = self.rest.strip_prefix('/') {
                self.rest = rest;
                if self.until(">")?.trim_end() != name {
                    return None;
                }
                if !element.children.is_empty() {
                    element.text.clear(); // what stood between them was their indentation
                }
                return Some(element);
            } else {
                element.children.push(self.element()?);
            }
        }
    }

    /// What stands before a mark, which is passed over.
    fn until(&mut self, mark: &str) -> Option<&'a str> {
        let (before, after) = self.rest.split_once(mark)?;
        self.rest = after;
        Some(before)
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let Some((entity, after)) = after.split_once(';') else {
            out.push('&');
            rest = after;
            continue;
        };
        let number = entity.strip_prefix('#').map(|number| {
            number.strip_prefix('x').map_or_else(|| number.parse().ok(), |number| u32::from_str_radix(number, 16).ok())
        });
        match (entity, number.flatten().and_then(char::from_u32)) {
            (_, Some(letter)) => out.push(letter),
            ("lt", _) => out.push('<'),
            ("gt", _) => out.push('>'),
            ("quot", _) => out.push('"'),
            ("apos", _) => out.push('\''),
            _ => out.push('&'),
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_a_document_is_read_changed_and_written() {
        let mut read = Xml::parse(
            "<?xml version=\"1.0\"?>\n<!-- note -->\n<R xmlns=\"urn:x\">\n  <A><B>1 &lt; 2 &amp; &#x41;</B></A>\n \
             <Empty/><C><![CDATA[<raw>]]></C>\n</R>",
        )
        .unwrap();
        assert_eq!(read.at("A/B"), "1 < 2 & A");
        assert_eq!(read.at("C"), "<raw>");
        assert_eq!(read.at("A/None"), "");
        assert_eq!(read.child("Empty"), Some(&Xml::default()).map(|_| &read.children[1]));
        read.set("C", "new");
        read.set("Empty", "");
        read.set("D", 7);
        read.each("A", &mut |a| a.set("B", "b"));
        let body = read.document();
        assert_eq!(body.lines().last().unwrap(), "<R xmlns=\"urn:x\"><A><B>b</B></A><C>new</C><D>7</D></R>");
        assert_eq!(Xml::parse(&body).unwrap(), read);
        assert_eq!(read.all("B").len(), 1);
    }

    #[test]
    fn test_what_is_no_xml_is_none() {
        for text in ["", "plain", "<a>", "<a></b>", "<>x</>", "{\"a\": \"<b>\"}"] {
            assert_eq!(Xml::parse(text), None, "{text}");
        }
    }
}
