//! What a visitor shares from, as far as that decides which apps are there.

use memchr::memmem;

/// A kind of device, by the user agent alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// A phone or a tablet: apps take a share by addresses of their own.
    Phone,
    /// Everything else.
    Desktop,
}

/// What a phone's or a tablet's browser says of itself; `Mobi` is common to all that are made for
/// small screens (MDN, "Browser detection using the user agent").
const SIGNS: [&str; 5] = ["Mobi", "Android", "iPhone", "iPad", "iPod"];

impl Device {
    /// Judges a user agent. A tablet that asks for the desktop's pages is a desktop.
    #[must_use]
    pub fn of(user_agent: impl AsRef<[u8]>) -> Self {
        let user_agent = user_agent.as_ref();
        if SIGNS.iter().any(|sign| memmem::find(user_agent, sign.as_bytes()).is_some()) {
            Self::Phone
        } else {
            Self::Desktop
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_and_tablets_are_told_from_desktops() {
        for phone in [
            "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 15; SM-X910) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0",
        ] {
            assert_eq!(Device::of(phone), Device::Phone, "{phone}");
        }
        for desktop in [
            "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
            "",
        ] {
            assert_eq!(Device::of(desktop), Device::Desktop, "{desktop}");
        }
    }
}
