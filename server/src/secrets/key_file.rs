//! The file with the master keys: made for its owner alone, and refused when others may read it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::KeyError;

/// Far above any number of keys that somebody could want; keeps a wrong path from being read into memory.
const MAX_BYTES: u64 = 64 * 1024;

pub fn read(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let io_error = |source| KeyError::Io { action: "read", path: path.to_owned(), source };
    let file = File::open(path).map_err(io_error)?;
    // Of the open file, not of the path, which could have been exchanged in between.
    let metadata = file.metadata().map_err(io_error)?;
    if let Some(mode) = mode_open_to_others(&metadata) {
        return Err(KeyError::OpenToOthers { path: path.to_owned(), mode });
    }
    if metadata.len() > MAX_BYTES {
        return Err(io_error(io::Error::from(io::ErrorKind::FileTooLarge)));
    }
    let mut text = Zeroizing::new(String::with_capacity(metadata.len() as usize + 1));
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(io_error)?;
    Ok(text)
}

/// Makes the file, and its directory where it is missing. Fails when there is one already.
pub fn create(path: &Path, text: &str) -> Result<(), KeyError> {
    let io_error = |source| KeyError::Io { action: "create", path: path.to_owned(), source };
    let parent = parent(path);
    create_private_dir(parent).map_err(io_error)?;
    write_new(path, text).map_err(io_error)?;
    sync_dir(parent).map_err(io_error)
}

/// Exchanges the file as a whole: after a power cut there is the old one or the new one.
pub fn replace(path: &Path, text: &str) -> Result<(), KeyError> {
    let io_error = |source| KeyError::Io { action: "replace", path: path.to_owned(), source };
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    write_new(&new, text).map_err(|source| KeyError::Io { action: "create", path: new.clone(), source })?;
    fs::rename(&new, path).map_err(io_error)?;
    sync_dir(parent(path)).map_err(io_error)
}

/// Opens with `O_EXCL`, which also refuses a symbolic link that somebody laid there.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = private(OpenOptions::new().write(true).create_new(true)).open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a key is worse than none: the next start would refuse it instead of making a whole one.
        let _ = fs::remove_file(path);
    }
    written
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(unix)]
fn mode_open_to_others(metadata: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

/// Leaves a directory that is there as it is.
#[cfg(unix)]
fn create_private_dir(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// The name of a new file outlives a power cut only when its directory was written, too.
#[cfg(unix)]
fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

// Elsewhere a file inherits who may read it from its directory, and std has no say in it.
#[cfg(not(unix))]
fn mode_open_to_others(_: &fs::Metadata) -> Option<u32> {
    None
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(not(unix))]
fn create_private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(path)
}

#[cfg(not(unix))]
fn sync_dir(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::super::Keyring;
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_generated_file_and_its_directory_belong_to_the_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/master.key");
        let ring = Keyring::generate_file(&path).unwrap();
        assert_eq!((mode(&path), mode(&dir.path().join("a/b")), mode(&dir.path().join("a"))), (0o600, 0o700, 0o700));
        assert_eq!(Keyring::load_file(&path).unwrap().current_id(), ring.current_id());
    }

    #[test]
    fn nothing_is_ever_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        fs::write(&path, "precious").unwrap();
        let error = Keyring::generate_file(&path).unwrap_err();
        assert!(matches!(&error, KeyError::Io { source, .. } if source.kind() == io::ErrorKind::AlreadyExists));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");

        let link = dir.path().join("link.key");
        symlink(dir.path().join("elsewhere"), &link).unwrap();
        assert!(Keyring::generate_file(&link).is_err());
        assert!(!dir.path().join("elsewhere").exists());
    }

    #[test]
    fn a_file_open_to_others_is_refused_with_the_command_that_helps() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        Keyring::generate_file(&path).unwrap();
        for open in [0o640, 0o604, 0o620, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
            let error = Keyring::load_file(&path).unwrap_err().to_string();
            let path = path.display();
            assert_eq!(
                error,
                format!(
                    "master key file {path} is open to others than its owner (mode {open:o}): run `chmod 600 {path}`"
                )
            );
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(Keyring::load_file(&path).is_ok());
    }

    #[test]
    fn rotation_keeps_the_old_key_and_the_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let old = Keyring::generate_file(&path).unwrap();
        let new = Keyring::rotate_file(&path).unwrap();
        assert_ne!(new.current_id(), old.current_id());
        assert!(new.key(old.current().id).is_some());
        assert_eq!(Keyring::load_file(&path).unwrap().current_id(), new.current_id());
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the new file was left behind");
    }

    #[test]
    fn a_missing_or_endless_file_is_an_error() {
        assert!(matches!(Keyring::load_file(Path::new("/nowhere/master.key")), Err(KeyError::Io { .. })));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        private(OpenOptions::new().write(true).create(true).truncate(true))
            .open(&path)
            .unwrap()
            .set_len(MAX_BYTES + 1)
            .unwrap();
        assert!(matches!(Keyring::load_file(&path), Err(KeyError::Io { .. })));
    }
}
