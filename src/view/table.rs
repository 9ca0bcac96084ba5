use std::collections::BTreeSet;

use super::address::fold_apart;
use super::screen::{Ink, Screen, Sign};
use super::words::width;

/// Rows of cells under each other, each column as wide as its widest cell.
#[derive(Debug, Default)]
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Row>,
    /// What else may stand on the page, as addresses without their instances.
    among: BTreeSet<String>,
}

/// What holds for a whole column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// Blanks before it.
    gap: usize,
    /// Whether its cells are addresses, folded where the page is too narrow for them.
    folds: bool,
}

#[derive(Debug)]
enum Row {
    Cells(Vec<Cell>),
    /// A line as it is, already painted.
    Line(String),
}

/// One cell: a text of one meaning.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    text: String,
    ink: Option<Ink>,
    right: bool,
    /// Nothing follows it that would have to be aligned: it does not widen its column.
    open: bool,
    /// What follows it stands on the next line: it does not widen its column.
    alone: bool,
}

/// How wide a column of addresses is at least.
const LEAST: usize = 24;

impl Table {
    pub(super) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new(), among: BTreeSet::new() }
    }

    /// Its addresses are told apart from these too.
    pub(super) fn among<'a>(mut self, locals: impl IntoIterator<Item = &'a str>) -> Self {
        self.among.extend(locals.into_iter().map(str::to_owned));
        self
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(Row::Cells(cells.into_iter().collect()));
    }

    pub(super) fn line(&mut self, line: impl Into<String>) {
        self.rows.push(Row::Line(line.into()));
    }

    /// The lines under a head line.
    pub(super) fn draw_under(mut self, head: Vec<Cell>, screen: &Screen) -> String {
        self.rows.insert(0, Row::Cells(head));
        self.draw(screen)
    }

    /// The lines, each ended.
    pub(super) fn draw(mut self, screen: &Screen) -> String {
        let widths = self.fit(screen);
        let mut page = String::new();
        for row in &self.rows {
            match row {
                Row::Line(line) => page.push_str(line),
                Row::Cells(cells) => page.push_str(&self.draw_row(cells, &widths, screen)),
            }
            page.push('\n');
        }
        page
    }

    fn draw_row(&self, cells: &[Cell], widths: &[usize], screen: &Screen) -> String {
        let mut line = String::new();
        let (mut column, mut start) = (0, 0);
        let mut broken = false;
        for (index, cell) in cells.iter().enumerate() {
            start += self.columns.get(index).map_or(2, |column| column.gap);
            let taken = width(&cell.text);
            if taken > 0 {
                if std::mem::take(&mut broken) {
                    line.push('\n');
                    column = 0;
                }
                let from = if cell.right { start + widths[index].saturating_sub(taken) } else { start };
                // What an open cell ran over is pushed to the right.
                let blanks = from.saturating_sub(column).max(usize::from(column > 0));
                line.push_str(&" ".repeat(blanks));
                line.push_str(&cell.ink.map_or_else(|| cell.text.clone(), |ink| screen.paint(ink, &cell.text)));
                column += blanks + taken;
                broken = cell.alone;
            }
            start += widths[index];
        }
        line
    }

    /// The width of each column; addresses are folded until the widest row fits the page. One that is still too long then has a line of
    /// its own.
    fn fit(&mut self, screen: &Screen) -> Vec<usize> {
        let widths = self.widths();
        let gaps: usize = self.columns.iter().map(|column| column.gap).sum();
        let over = (gaps + widths.iter().sum::<usize>()).saturating_sub(screen.width());
        let Some(folding) = self.columns.iter().position(|column| column.folds) else { return widths };
        if over == 0 || screen.verbose {
            return widths;
        }
        let most = widths[folding].saturating_sub(over).max(LEAST);
        let mut cells: Vec<&mut Cell> = self.rows.iter_mut().filter_map(|row| row.folding(folding)).collect();
        let texts: Vec<String> = cells.iter().map(|cell| cell.text.clone()).collect();
        let locals = texts.iter().chain(&self.among).map(String::as_str);
        let folded = fold_apart(locals, most, screen.sign(Sign::More));
        for (cell, text) in cells.iter_mut().zip(&texts) {
            cell.text = folded[text.as_str()].clone();
            cell.alone = width(&cell.text) > most;
        }
        self.widths()
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = vec![0; self.columns.len()];
        for row in &self.rows {
            let Row::Cells(cells) = row else { continue };
            widths.resize(widths.len().max(cells.len()), 0);
            for (index, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.open && !cell.alone) {
                widths[index] = widths[index].max(width(&cell.text));
            }
        }
        widths
    }
}

impl Row {
    /// The address in this column, if there is one.
    fn folding(&mut self, column: usize) -> Option<&mut Cell> {
        match self {
            Self::Cells(cells) => cells.get_mut(column).filter(|cell| !cell.open && !cell.text.is_empty()),
            Self::Line(_) => None,
        }
    }
}

impl Column {
    /// A column with these blanks before it.
    pub(super) const fn gap(gap: usize) -> Self {
        Self { gap, folds: false }
    }

    /// Its cells are addresses.
    pub(super) const fn folds(mut self) -> Self {
        self.folds = true;
        self
    }
}

impl Cell {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub(super) fn empty() -> Self {
        Self::default()
    }

    pub(super) fn ink(mut self, ink: Ink) -> Self {
        self.ink = Some(ink);
        self
    }

    pub(super) fn right(mut self) -> Self {
        self.right = true;
        self
    }

    pub(super) fn right_if(mut self, right: bool) -> Self {
        self.right = right;
        self
    }

    pub(super) fn open(mut self) -> Self {
        self.open = true;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_columns_are_aligned_and_no_blanks_trail() {
        let mut table = Table::new([Column::gap(2), Column::gap(1), Column::gap(2)]);
        table.row([Cell::new("a"), Cell::new("7").right(), Cell::new("x")]);
        table.row([Cell::new("bcd"), Cell::new("10").right(), Cell::empty()]);
        assert_eq!(table.draw(&Screen::default()), "  a    7  x\n  bcd 10\n");
    }

    #[test]
    fn test_addresses_are_folded_where_the_page_is_too_narrow() {
        let mut table = Table::new([Column::gap(0).folds(), Column::gap(1)]);
        table.row([Cell::new("deployment/a-namespace/edge"), Cell::new("x".repeat(80))]);
        let page = table.draw(&Screen { unicode: true, ..Screen::default() });
        assert_eq!(page, format!("deployment/…/edge {}\n", "x".repeat(80)));
    }

    #[test]
    fn test_what_cannot_be_folded_has_a_line_of_its_own() {
        let mut table =
            Table::new([Column::gap(1), Column::gap(1).folds(), Column::gap(1)]).among(["pod/b/edge-of-the-world"]);
        table.row([Cell::new("k8s"), Cell::new("pod/a/edge-of-the-world"), Cell::new("x".repeat(70))]);
        table.row([Cell::new("k8s"), Cell::new("pod/a/edge"), Cell::new("y")]);
        table.row([Cell::new("k8s"), Cell::new("pod/a-namespace/edge-of-the-world"), Cell::new("z")]);
        let page = table.draw(&Screen { unicode: true, ..Screen::default() });
        insta::assert_snapshot!(page, @"
        k8s pod/a/edge-of-the-world xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        k8s pod/a/edge              y
        k8s pod/a-namespace/edge-of-the-world
                                    z
        ");
    }
}
