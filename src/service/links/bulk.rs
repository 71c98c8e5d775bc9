//! Kits: one link for each of several channels, made at once from one form.
//!
//! Promises that nothing is made where anything of it breaks a rule, that a kit which was begun is made to its end
//! whether or not somebody waits for it, and that the same form sent again, also at the same moment, finds the links of
//! the first time. Where the store goes away in the middle, sending it again makes what is missing.

use jiff::Timestamp;

use crate::domain::day::Day;
use crate::domain::link::Link;
use crate::domain::rule::FieldError;
use crate::domain::site::Site;
use crate::service::links::{Draft, InvalidParam, LinkError, Links};
use crate::store::{Inserted, StoreError};

/// What a form asks for, as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KitDraft {
    /// The name of the form that was filled in: the same form sent twice has one name.
    pub form: String,
    /// The destination of all links.
    pub url: String,
    /// The page's title.
    pub title: String,
    /// The campaign; empty for none.
    pub campaign: String,
    /// The last UTC day on which the links forward; empty for no end.
    pub last_day: String,
    /// The channels' names.
    pub channels: Vec<String>,
}

impl KitDraft {
    /// The draft of one channel's link. Its name has everything that was asked for in it, so that who goes back, changes
    /// something and sends the form again gets other links.
    fn of_channel(&self, channel: &str, expires_at: Option<Timestamp>) -> Draft {
        let Self { form, url, title, campaign, last_day, .. } = self;
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Draft {
            url: url.clone(),
            channel: channel.to_owned(),
            campaign: given(campaign),
            title: given(title),
            expires_at,
            kit: given(form).map(|form| [&*form, channel, url, title, campaign, last_day].join("\0")),
            ..Draft::default()
        }
    }
}

/// Makes a kit, or finds what an earlier sending of the same form has made: a link for each channel, in their order.
///
/// # Errors
/// [`LinkError::Invalid`] with every parameter that breaks a rule, each of them once, and then nothing was made. Where
/// the store fails, some links may have been made.
pub async fn make(
    links: &Links,
    site: &Site,
    mut draft: KitDraft,
    now: Timestamp,
) -> Result<Vec<Link>, LinkError> {
    let mut channels = std::mem::take(&mut draft.channels);
    channels.sort();
    channels.dedup();
    let mut wrong: Vec<InvalidParam> = Vec::new();
    if channels.is_empty() {
        wrong.push(InvalidParam::new("channel", FieldError::Missing));
    }
    let last_day = Some(&draft.last_day).filter(|text| !text.is_empty()).map(|text| text.parse::<Day>());
    let expires_at = match last_day.transpose() {
        Ok(day) => day.map(|day| day.plus(1).start()),
        Err(error) => {
            wrong.push(InvalidParam::new("expires_at", error));
            None
        }
    };
    // Without a channel too, the other parameters are looked at.
    let of_each = if channels.is_empty() { vec!["copy".to_owned()] } else { channels.clone() };
    for channel in &of_each {
        match links.check(site, draft.of_channel(channel, expires_at), now).await {
            Ok(_) => {}
            Err(LinkError::Invalid(more)) => {
                for param in more {
                    if !wrong.contains(&param) {
                        wrong.push(param);
                    }
                }
            }
            Err(error) => return Err(error),
        }
    }
    if !wrong.is_empty() {
        return Err(LinkError::Invalid(wrong));
    }
    let (links, site) = (links.clone(), site.clone());
    let making = tokio::spawn(async move {
        let drafts = channels.iter().map(|channel| draft.of_channel(channel, expires_at)).collect();
        let made = links.create_all(&site, drafts, now, &|| Ok(())).await.into_iter();
        made.map(|made| match made? {
            (_, Inserted::Existing(first)) => Ok(first),
            (link, _) => Ok(link),
        })
        .collect()
    });
    making.await.unwrap_or_else(|error| Err(StoreError::Unavailable(error.into()).into()))
}
