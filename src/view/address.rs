use super::words::width;

/// An address without its instance (or a pattern) in at most `most` columns. Names stay whole: parts in the middle of the path
/// are left out, the first of them first; kind and last name always stay.
pub(crate) fn fold_local(local: &str, most: usize, more: &str) -> String {
    let parts: Vec<&str> = local.split('/').collect();
    if width(local) <= most || parts.len() < 3 {
        return local.to_owned();
    }
    let kind = parts[0];
    let tails = (2..parts.len()).map(|first| format!("{kind}/{more}/{}", parts[first..].join("/")));
    let mut last = local.to_owned();
    for folded in tails {
        last = folded;
        if width(&last) <= most {
            break;
        }
    }
    // A short namespace may be shorter than what stands for it.
    if width(&last) < width(local) { last } else { local.to_owned() }
}

/// The same of `instance  local`.
pub(crate) fn fold_name(name: &str, most: usize, more: &str) -> String {
    match name.split_once("  ") {
        Some((instance, local)) => {
            format!("{instance}  {}", fold_local(local, most.saturating_sub(width(instance) + 2), more))
        }
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_names_stay_whole() {
        let at = "route53-record/Z123456/live.example.com/CNAME/west";
        assert_eq!(fold_local(at, 60, "…"), "route53-record/Z123456/live.example.com/CNAME/west");
        assert_eq!(fold_local(at, 45, "…"), "route53-record/…/live.example.com/CNAME/west");
        assert_eq!(fold_local(at, 30, "…"), "route53-record/…/CNAME/west");
        assert_eq!(fold_local(at, 5, "…"), "route53-record/…/west");
        let at = "deployment/a/b";
        assert_eq!(fold_local(at, 5, "…"), "deployment/a/b");
    }
}
