use std::path::Path;

use kube::config::Kubeconfig;

use crate::open::unread;

/// The names of a kubeconfig's contexts; nothing else of it is kept.
///
/// # Errors
/// Why it cannot be read.
pub fn contexts(path: &Path) -> Result<Vec<String>, String> {
    let kubeconfig = Kubeconfig::read_from(path).map_err(|error| unread(&error))?;
    Ok(kubeconfig.contexts.into_iter().map(|context| context.name).collect())
}
