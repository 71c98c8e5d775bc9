//! What every page for people needs, whatever it shows: its language, its address, its script, and who is signed in.

use std::borrow::Borrow;

use actix_web::dev::RequestHead;
use askama::Template;
use url::form_urlencoded;

use crate::i18n::{Language, Message};
use crate::stats::publication::Number;
use crate::web::dashboard::script::{Script, script};
use crate::web::extract::locale;

/// What every page needs, whatever it shows.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// Address of the style sheet, with the hash of its text: `/static/style.css?v=…`.
    pub(crate) style_url: &'static str,
    /// What it is written in.
    pub(crate) language: Language,
    /// Whether its address says so, and every link of it shall.
    is_chosen: bool,
    /// Its path and its query without the language, for the way to the same page in another one.
    path: String,
    query: Vec<(String, String)>,
    /// Whether it runs the script of the marketer's pages.
    has_script: bool,
    /// Where the script asks for changes of what the page shows.
    pub(crate) live: Option<String>,
    /// Who is signed in; nobody on the pages that everybody may open.
    pub(crate) desk: Option<Desk>,
}

/// What the pages of the signed-in need besides.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    /// Whether an owner is signed in.
    pub(crate) owner: bool,
    /// What the forms of this page carry.
    pub(crate) form_token: String,
}

impl Page {
    /// For who sent this request.
    pub(crate) fn of(head: &RequestHead, style_url: &'static str) -> Self {
        let query = head.uri.query().unwrap_or_default();
        let parameters = form_urlencoded::parse(query.as_bytes()).into_owned();
        Self {
            style_url,
            language: locale::wanted(head),
            is_chosen: locale::chosen(query).is_some(),
            path: head.uri.path().to_owned(),
            query: parameters.filter(|(name, _)| name != locale::PARAMETER).collect(),
            has_script: false,
            live: None,
            desk: None,
        }
    }

    /// The same for somebody who is signed in.
    pub(crate) fn at_desk(self, desk: Desk) -> Self {
        Self { desk: Some(desk), ..self }
    }

    /// The same with the script.
    pub(crate) fn with_script(self) -> Self {
        Self { has_script: true, ..self }
    }

    /// The same with the script, which keeps the page current where it shows what may change.
    pub(crate) fn with_live(self, address: Option<String>) -> Self {
        Self { has_script: address.is_some(), live: address, ..self }
    }

    /// The script, where the page runs it.
    pub(crate) fn script(&self) -> Option<Script> {
        self.has_script.then(script)
    }

    /// The same without a parameter of its address that means nothing.
    pub(crate) fn without(mut self, parameter: &str) -> Self {
        self.query.retain(|(name, _)| name != parameter);
        self
    }

    /// The same with what its address says in the place of what it said.
    pub(crate) fn with_parameters(self, parameters: Vec<(&'static str, String)>) -> Self {
        let own = parameters.into_iter().filter(|(name, _)| *name != locale::PARAMETER);
        Self { query: own.map(|(name, value)| (name.to_owned(), value)).collect(), ..self }
    }

    /// The same at the address where a `GET` finds it again: the answer to a form stands elsewhere.
    pub(crate) fn at(self, path: &str) -> Self {
        Self { path: path.to_owned(), query: Vec::new(), ..self }
    }

    /// Whether an owner is signed in.
    pub(crate) fn is_of_owner(&self) -> bool {
        self.desk.as_ref().is_some_and(|desk| desk.owner)
    }

    /// Whether it is the page of this path.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.path == path
    }

    /// A message.
    pub(crate) fn say(&self, id: impl AsRef<str>) -> Message {
        self.language.say(id)
    }

    /// A message that has markup of its own.
    pub(crate) fn markup(&self, id: impl AsRef<str>) -> Message {
        self.language.markup(id)
    }

    /// A number as the language writes it.
    pub(crate) fn number(&self, number: impl Borrow<u64>) -> String {
        self.language.number(*number.borrow())
    }

    /// A published number, or that it is not shown.
    pub(crate) fn count(&self, number: impl Borrow<Number>) -> String {
        self.language.count(*number.borrow())
    }

    /// An ISO day in words.
    pub(crate) fn day(&self, iso: impl AsRef<str>) -> String {
        self.language.day(iso.as_ref())
    }

    /// A path of the service, with the language where this page's address has it.
    pub(crate) fn link(&self, path: impl AsRef<str>) -> String {
        let path = path.as_ref();
        let joint = if path.contains('?') { '&' } else { '?' };
        if self.is_chosen {
            format!("{path}{joint}{}={}", locale::PARAMETER, self.language.tag())
        } else {
            path.to_owned()
        }
    }

    /// The other languages, each with the address of this page in it.
    pub(crate) fn others(&self) -> Vec<(Language, String)> {
        let others = Language::ALL.into_iter().filter(|language| *language != self.language);
        let address = |language: Language| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(&self.query).append_pair(locale::PARAMETER, language.tag());
            format!("{}?{}", self.path, query.finish())
        };
        others.map(|language| (language, address(language))).collect()
    }

    /// What a channel is called.
    pub(crate) fn channel(&self, name: &str, label: &str) -> String {
        self.language.channel(name, label)
    }
}

/// A template that is a page for people.
pub(crate) trait OnPage: Template {
    /// What every page needs.
    fn page(&self) -> &Page;
}

/// Says of each page where it has what every page needs.
macro_rules! on_page {
    ($($page:ty),* $(,)?) => {
        $(impl $crate::web::response::page::OnPage for $page {
            fn page(&self) -> &$crate::web::response::page::Page {
                &self.page
            }
        })*
    };
}
pub(crate) use on_page;

#[cfg(test)]
mod tests;
