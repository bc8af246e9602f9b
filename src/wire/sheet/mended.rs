//! What was mended in reading a sheet, for people to look at before it is taken.

use super::Cell;
use super::table::{Table, row_number};

/// Places of mended cells that a remark names.
const MENDED_SHOWN: usize = 5;

impl Table<'_> {
    /// A remark on cells of these columns that were mended in reading: full-width digits and letters, a leading `'`, `="…"`. Blanks around
    /// a value are nothing that anybody asks about.
    pub fn mended(&self, keys: &[&str]) -> Option<(String, String)> {
        let is_mended = |cell: &Cell| match cell {
            Cell::Text(text) => {
                let text = text.trim();
                text.starts_with('\'')
                    || text.starts_with("=\"")
                    || text.chars().any(|c| matches!(c, '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ'))
            }
            _ => false,
        };
        let cells = || {
            let rows = self.rows().filter(|row| !self.is_blank(*row));
            rows.flat_map(|row| keys.iter().filter(move |key| is_mended(self.cell(row, key))).map(move |key| (row, *key)))
        };
        let count = cells().count();
        let shown = cells().take(MENDED_SHOWN);
        let places: Vec<String> =
            shown.filter_map(|(row, key)| Some(format!("{}{}", self.letters(key)?, row_number(row)))).collect();
        let (zh_more, en_more) = if count > places.len() { (" 等", " and others") } else { ("", "") };
        (count > 0).then(|| {
            let zh = format!("{count} 个单元格中的全角字符或前导单引号已改正后读取：{}{zh_more}", places.join("、"));
            (
                zh,
                format!(
                    "{count} cells were read without their full-width characters or leading ': {}{en_more}",
                    places.join(", ")
                ),
            )
        })
    }
}
