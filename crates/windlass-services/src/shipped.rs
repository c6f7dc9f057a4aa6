//! The services that come with windlass, one file each.

use crate::definition::Definition;

const FILES: [(&str, &str); 9] = [
    ("postgres", include_str!("../services/postgres.toml")),
    ("redis", include_str!("../services/redis.toml")),
    ("nats", include_str!("../services/nats.toml")),
    ("mariadb", include_str!("../services/mariadb.toml")),
    ("mosquitto", include_str!("../services/mosquitto.toml")),
    ("memcached", include_str!("../services/memcached.toml")),
    ("haproxy", include_str!("../services/haproxy.toml")),
    ("prometheus", include_str!("../services/prometheus.toml")),
    ("s3", include_str!("../services/s3.toml")),
];

/// Their names.
pub fn shipped_names() -> impl Iterator<Item = &'static str> + Clone {
    FILES.into_iter().map(|(name, _)| name)
}

/// One of them, as its file says it.
pub fn shipped(name: &str) -> Option<Definition> {
    let text = text(name)?;
    let read = windlass_toml::read(name, text, |section, source| crate::read::whole(name, section, source));
    Some(read.ok().flatten().expect("a test reads every file that is shipped"))
}

/// The text of one of them.
pub(crate) fn text(name: &str) -> Option<&'static str> {
    FILES.into_iter().find_map(|(shipped, text)| (shipped == name).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_service() {
        for name in shipped_names() {
            let read = windlass_toml::read(name, text(name).unwrap(), |section, source| {
                crate::read::whole(name, section, source)
            });
            assert_eq!(read.unwrap().unwrap().name, name);
        }
    }

    /// Nix reads these files too.
    #[test]
    fn every_file_is_plain_toml() {
        for name in shipped_names() {
            assert_eq!(windlass_toml::check_plain(name, text(name).unwrap()), Ok(()));
        }
    }
}
