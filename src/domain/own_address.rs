//! Addresses of the service itself, which has a host of its own.

use url::Url;

/// The whole address of a path, which begins with a slash, or is empty: then it is the address without one.
#[must_use]
pub fn own_address(public_url: &Url, path: &str) -> String {
    format!("{}{path}", public_url.as_str().trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_slash_behind_its_host() {
        for public_url in ["https://go.example.com", "https://go.example.com/"] {
            let public_url = Url::parse(public_url).expect("an address");
            assert_eq!(own_address(&public_url, "/abc"), "https://go.example.com/abc");
            assert_eq!(own_address(&public_url, ""), "https://go.example.com");
        }
    }
}
