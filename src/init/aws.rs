/// A profile of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// As in `--profile`.
    pub name: String,
    /// Where its calls go, if it says so.
    pub region: Option<String>,
}

/// An account of AWS whose credentials the environment names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The variable that does.
    pub by: &'static str,
    /// The profile, where that is what it names.
    pub profile: Option<String>,
    /// Where its calls go.
    pub region: String,
}

/// The account that the environment names, as the SDK looks for it; `None` where its region is not known.
pub fn account(variable: impl Fn(&str) -> Option<String>, profiles: &[Profile]) -> Option<Account> {
    let variables = ["AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"];
    let by = variables.into_iter().find(|name| variable(name).is_some())?;
    let profile = variable("AWS_PROFILE").filter(|_| by == "AWS_PROFILE");
    let of_profile = || {
        let name = profile.as_deref().unwrap_or("default");
        profiles.iter().find(|profile| profile.name == name)?.region.clone()
    };
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).or_else(of_profile);
    Some(Account { by, profile, region: region.filter(|region| is_region(region))? })
}

/// Adds the profiles that a configuration or a file of credentials names. Nothing but names and regions is kept of its lines.
pub fn profiles(lines: impl Iterator<Item = String>, is_config: bool, known: &mut Vec<Profile>) {
    let mut within: Option<usize> = None;
    for line in lines {
        if let Some(header) = line.trim_end().strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            within = profile(header.trim(), is_config).map(|name| position(name, known));
        } else if let (Some(at), Some(region)) = (within, region(&line)) {
            known[at].region.get_or_insert_with(|| region.to_owned());
        }
    }
}

/// The name in a section's header; `None` where the section is none of a profile.
fn profile(header: &str, is_config: bool) -> Option<&str> {
    let name = match header.split_once(char::is_whitespace) {
        Some(("profile", name)) if is_config => name,
        None if !is_config || header == "default" => header,
        _ => return None,
    };
    Some(name.trim().trim_matches(['"', '\''])).filter(|name| !name.is_empty())
}

fn position(name: &str, known: &mut Vec<Profile>) -> usize {
    known.iter().position(|profile| profile.name == name).unwrap_or_else(|| {
        known.push(Profile { name: name.to_owned(), region: None });
        known.len() - 1
    })
}

/// What a line says that is `region = …` of the section itself: what is indented belongs to another key.
fn region(line: &str) -> Option<&str> {
    let (key, value) = line.split_once('=')?;
    let value = value.trim();
    (key.trim_end() == "region" && is_region(value)).then_some(value)
}

fn is_region(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, bool)]) -> Vec<(String, Option<String>)> {
        let mut known = Vec::new();
        for (text, is_config) in files {
            profiles(text.lines().map(str::to_owned), *is_config, &mut known);
        }
        known.into_iter().map(|profile| (profile.name, profile.region)).collect()
    }

    fn of(name: &str, region: Option<&str>) -> (String, Option<String>) {
        (name.to_owned(), region.map(str::to_owned))
    }

    #[test]
    fn test_profiles_of_both_files() {
        let config = "[default]\nregion=eu-west-1\n# [profile old]\n[profile prod]\nsso_session = corp\nregion = us-east-1\n\
                      [sso-session corp]\nregion = us-west-2\n[profile \"on call\"]\ns3 =\n  region = x\n[services x]\n";
        let credentials = "[prod]\naws_access_key_id = AKIA\n[lab]\naws_secret_access_key = region = hunter2\n";
        assert_eq!(
            read(&[(config, true), (credentials, false)]),
            [of("default", Some("eu-west-1")), of("prod", Some("us-east-1")), of("on call", None), of("lab", None)]
        );
    }

    #[test]
    fn test_an_account_has_a_region() {
        let profiles = [Profile { name: "prod".to_owned(), region: Some("us-west-2".to_owned()) }];
        let named = |variables: &[(&str, &str)]| {
            let value = |name: &str| variables.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned());
            account(value, &profiles).map(|account| (account.by, account.profile, account.region))
        };
        let keys = ("AWS_ACCESS_KEY_ID", "AKIA");
        let region = ("AWS_DEFAULT_REGION", "eu-west-1");
        assert_eq!(named(&[region]), None);
        assert_eq!(named(&[keys]), None);
        assert_eq!(named(&[keys, ("AWS_REGION", "\"\n[x]")]), None);
        // Keys are what the SDK takes first.
        let prod = ("AWS_PROFILE", "prod");
        assert_eq!(named(&[keys, prod, region]), Some((keys.0, None, "eu-west-1".to_owned())));
        assert_eq!(named(&[prod]), Some((prod.0, Some("prod".to_owned()), "us-west-2".to_owned())));
        assert_eq!(named(&[("AWS_PROFILE", "gone")]), None);
    }
}
