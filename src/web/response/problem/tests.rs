//! Every problem, and every reason for which a value is refused, has a code and its messages in every language.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::domain::channel::{ChannelName, ChannelNameError};
use crate::domain::code::CodeError;
use crate::domain::consent::PolicyError;
use crate::domain::day::DayError;
use crate::domain::destination::DestinationError;
use crate::domain::link::TextError;
use crate::domain::min_count::MinCountError;
use crate::domain::person::{PasswordError, PersonNameError, RoleError};
use crate::domain::reserved::ClaimError;
use crate::domain::rule::{CodedError, Detail, FieldError, Reason};
use crate::domain::utm::UtmError;
use crate::domain::utm_template::{TemplateError, TemplatesError};
use crate::i18n::Language;
use crate::service::accounts::shared_views::ViewRuleError;
use crate::service::links::DraftError;
use crate::stats::report::GroupingError;
use crate::web::extract::query::PeriodError;
use crate::web::visitor::qr::PictureError;

/// Every Rust file of the program, as text.
fn sources() -> Vec<String> {
    let (mut texts, mut folders) = (Vec::new(), vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                texts.push(fs::read_to_string(path).expect("a text"));
            }
        }
    }
    texts
}

/// The codes that implementations of [`CodedError`] name, read from the sources.
fn codes_in_sources() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for text in sources() {
        for implementation in text.split("\nimpl CodedError for ").skip(1) {
            let body = implementation.split("fn code(&self) -> &'static str {").nth(1).expect("it has codes");
            let body = body.split("\n    }\n").next().expect("it ends");
            codes.extend(body.split('"').skip(1).step_by(2).map(str::to_owned));
        }
    }
    codes
}

/// A reason of every code.
fn reasons() -> Vec<Reason> {
    fn of<E: CodedError>(errors: impl IntoIterator<Item = E>) -> Vec<Reason> {
        errors.into_iter().map(|error| error.reason()).collect()
    }
    let channel = || ChannelName::parse("sms").expect("a channel's name");
    let templates = || TemplatesError::Template("medium", TemplateError::Comma);
    [
        of([
            FieldError::Missing,
            FieldError::Empty,
            FieldError::NotObject,
            FieldError::NotString,
            FieldError::NotBoolean,
            FieldError::NotArray(20),
            FieldError::NotTime,
            FieldError::OutOfRange(1, 100),
            FieldError::WrongLength(1, 255),
            FieldError::NotAscii,
            FieldError::NotOneOf("json, csv"),
            FieldError::NotCursor,
            FieldError::UnknownField,
            FieldError::UnknownParameter("from, to".to_owned()),
        ]),
        of([
            DestinationError::TooLong,
            DestinationError::ControlCharacter,
            DestinationError::Unparsable(url::ParseError::InvalidPort),
            DestinationError::Scheme,
            DestinationError::Credentials,
            DestinationError::HostNotAllowed,
            DestinationError::LeadsBack,
        ]),
        of([TextError::TooLong(100), TextError::ControlCharacter]),
        of([CodeError::Malformed, CodeError::Reserved, CodeError::LeadingHyphen]),
        of([ClaimError::Unknown, ClaimError::Expired]),
        of([DayError]),
        of([MinCountError]),
        of([ChannelNameError]),
        of([PolicyError]),
        of([RoleError]),
        of([PersonNameError]),
        of([PasswordError]),
        of([GroupingError]),
        of([
            TemplateError::TooLong,
            TemplateError::ControlCharacter,
            TemplateError::Comma,
            TemplateError::Placeholder("site".to_owned()),
            TemplateError::Twice("channel"),
            TemplateError::Brace,
        ]),
        of([TemplatesError::Unknown("term=a".to_owned()), TemplatesError::Twice("source"), templates()]),
        of([
            UtmError::NoChannel,
            UtmError::ChannelName(ChannelNameError),
            UtmError::Templates(templates()),
            UtmError::OfChannel(channel(), templates()),
            UtmError::UnknownChannel(channel(), "email, qr".to_owned()),
            UtmError::ChannelTwice(channel()),
            UtmError::AllTwice,
        ]),
        of([
            DraftError::UnknownChannel("email, sms".to_owned()),
            DraftError::Slug(CodeError::Reserved),
            DraftError::ReservedSlug,
            DraftError::Claim(ClaimError::Expired),
            DraftError::ClaimWithSlug,
            DraftError::UnknownParent,
            DraftError::NotInFuture,
        ]),
        of([
            ViewRuleError::Unknown,
            ViewRuleError::PageAndCampaign,
            ViewRuleError::Page(DestinationError::Scheme),
            ViewRuleError::Empty,
            ViewRuleError::Campaign(TextError::TooLong(100)),
            ViewRuleError::Expiry,
            ViewRuleError::Password(PasswordError),
            ViewRuleError::TooMany,
        ]),
        of([PeriodError::Reversed, PeriodError::TooLong]),
        of([PictureError::TooSmall(29), PictureError::LevelTooHigh]),
    ]
    .concat()
}

#[test]
fn every_code_has_a_message_in_every_language() {
    let codes = codes_in_sources();
    assert!(codes.len() > 50, "{codes:?}");
    for language in Language::ALL {
        for code in &codes {
            assert!(language.has(&format!("reason-{code}")), "{}: {code}", language.tag());
        }
    }
    let known: BTreeSet<_> = reasons().iter().map(|reason| reason.code().to_owned()).collect();
    assert_eq!(known, codes, "every code is tried below");
}

#[test]
fn every_language_says_every_reason_in_its_own_words_and_fills_in_its_details() {
    for reason in reasons() {
        // Only the API repeats in which way an address cannot be parsed.
        let sentence = reason.to_string();
        let sentence = match reason.code() {
            "not_an_address" => sentence.split(": ").next().expect("a first part"),
            _ => &sentence,
        };
        assert_eq!(Language::English.reason(&reason), sentence, "{}", reason.code());
        let french = Language::French.reason(&reason);
        assert!(!french.contains('$') && !french.contains("reason-"), "{french}");
        if !["utm_part", "utm_of_channel"].contains(&reason.code()) {
            assert_ne!(french, sentence, "{}", reason.code());
        }
        for (_, detail) in reason.details() {
            if let Detail::Text(text) = detail
                && !["bytes", "characters"].contains(&text.as_str())
            {
                assert!(french.contains(text.as_str()), "{text} in {french}");
            }
        }
    }
}

#[test]
fn every_problem_has_its_messages_in_every_language() {
    let table = include_str!("../problem.rs").split("fn entry(").nth(1).expect("the table");
    let table = table.split("\n    }\n").next().expect("it ends");
    // In each row the code follows the status.
    let rows: Vec<_> = table.split("StatusCode::").skip(1).collect();
    let codes: BTreeSet<_> = rows.iter().map(|row| row.split('"').nth(1).expect("a code")).collect();
    assert!(codes.len() > 30 && codes.len() == rows.len(), "{codes:?}");
    for language in Language::ALL {
        for code in &codes {
            for message in [format!("error-{code}-title"), format!("error-{code}")] {
                assert!(language.has(&message), "{}: {message}", language.tag());
            }
        }
    }
}
