/// A profile of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// As in `--profile`.
    pub name: String,
    /// Where its calls go, if it says so.
    pub region: Option<String>,
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
    let plain = !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    (key.trim_end() == "region" && plain).then_some(value)
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
}
