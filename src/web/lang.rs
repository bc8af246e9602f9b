//! The two languages of the pages. Texts stand side by side where they are used, so that neither is forgotten.

use crate::base::words;

words! {
    /// A language that pages and mails are written in.
    pub enum Lang, "language" {
        /// Chinese, the default.
        Zh = "zh",
        /// English.
        En = "en",
    }
}

impl Lang {
    /// The text of this language.
    pub fn pick<'t>(self, zh: &'t str, en: &'t str) -> &'t str {
        match self {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    /// Tag of the page (BCP 47).
    pub fn tag(self) -> &'static str {
        self.pick("zh-CN", "en")
    }

    /// The other one.
    pub fn other(self) -> Lang {
        match self {
            Lang::Zh => Lang::En,
            Lang::En => Lang::Zh,
        }
    }
}
