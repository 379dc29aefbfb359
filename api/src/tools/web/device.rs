//! What a browser calls itself, in words for people.

/// A few words that let a person recognise a browser: "Chrome on Windows".
///
/// Only the well-known names are looked for, in the order in which browsers
/// that pretend to be others are told apart.
pub(super) fn device_name(user_agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| {
        names.iter().find(|(token, _)| user_agent.contains(token)).map(|(_, name)| *name)
    };
    let browser = first(&[
        ("MicroMessenger", "WeChat"),
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("QQBrowser", "QQ Browser"),
        ("UCBrowser", "UC Browser"),
        ("HuaweiBrowser", "Huawei Browser"),
        ("MiuiBrowser", "Mi Browser"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("HarmonyOS", "HarmonyOS"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => {
            user_agent.split(['/', ' ']).next().unwrap_or_default().chars().take(40).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::device_name;

    #[test]
    fn browsers_are_named_as_people_know_them() {
        let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36 Edg/120.0";
        assert_eq!(device_name(windows), "Edge on Windows");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1";
        assert_eq!(device_name(phone), "Safari on iPhone");
        assert_eq!(device_name("curl/8.0"), "curl");
        assert_eq!(device_name(""), "");
    }
}
