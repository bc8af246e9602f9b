//! Names of divisions (GB/T 2260) for pages; the law and the tables know the codes only.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::base::RegionCode;

static NAMES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let lines = include_str!("../../config/regions/gbt2260.csv").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(',')).map(|(code, rest)| (code, rest.split(',').next().unwrap_or(rest))).collect()
});

/// Names from the province down, without the divisions that only group others (市辖区).
pub fn name(region: RegionCode) -> String {
    if region == RegionCode::NATION {
        return "全国".to_owned();
    }
    let mut chain: Vec<RegionCode> = region.chain().filter(|code| *code != RegionCode::NATION).collect();
    chain.reverse();
    let names: Vec<&str> =
        chain.iter().filter_map(|code| NAMES.get(code.to_string().as_str()).copied()).filter(|name| *name != "市辖区").collect();
    if names.is_empty() { region.to_string() } else { names.join("") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_county_is_named_with_its_city_and_province() {
        let name_of = |code: &str| name(code.parse().unwrap());
        assert_eq!(name_of("330784"), "浙江省金华市永康市");
        assert_eq!(name_of("110101"), "北京市东城区");
        assert_eq!(name_of("000000"), "全国");
        assert_eq!(name_of("999999"), "999999");
    }
}
