use opsctl_api::{Config, ConfigProblem, Provider};

/// Opens an instance of AWS.
///
/// # Errors
/// Always, until the client is built; the message names the simulation as the way meanwhile.
pub fn open(instance: &str, _config: &Config) -> Result<Box<dyn Provider>, Vec<ConfigProblem>> {
    Err(vec![ConfigProblem::new(
        "type",
        format!(
            "the AWS client is not built yet; simulate it: [provider.{instance}] type = \"sim\", emulates = \"aws\""
        ),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_it_says_what_to_do_instead() {
        let Err(problems) = open("aws", &Config::new()) else { panic!("it opened") };
        assert!(problems[0].message.contains("type = \"sim\", emulates = \"aws\""));
    }
}
