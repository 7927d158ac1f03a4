//! `hornero keys`.

use server::{config::Config, secrets::Keyring};

pub fn init(config: &Config) -> anyhow::Result<()> {
    let keyring = Keyring::generate_file(&config.master_key_file)?;
    println!("made {} with the key {}", config.master_key_file.display(), keyring.current_id());
    println!("keep a copy in a safe place: without it the stored oven passwords cannot be read");
    Ok(())
}

pub fn rotate(config: &Config) -> anyhow::Result<()> {
    let keyring = Keyring::rotate_file(&config.master_key_file)?;
    println!("{} now encrypts with the key {}", config.master_key_file.display(), keyring.current_id());
    println!(
        "restart hornero: it then seals all credentials under the new key, says so in its log, and the old key can be removed"
    );
    Ok(())
}
