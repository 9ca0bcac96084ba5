use super::Report;

/// Draws a report as text.
pub fn render(report: &Report) -> String {
    report.diagnostics.iter().map(|d| format!("{}: {}\n", d.code, d.message)).collect()
}
