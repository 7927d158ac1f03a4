//! The code that the console prints at the first start. Who can read the console may create the first admin; somebody
//! else in the network who opens the page first may not. Codes that pair displays have the same form.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rand::{Rng as _, TryRngCore as _, rngs::OsRng};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Without characters that are taken for each other in print or handwriting: neither 0 nor O, none of 1 I L, neither 5
/// nor S, neither 8 nor B; of 2 and Z, 6 and G, V and U the first alone.
const ALPHABET: &[u8] = b"234679ACDEFHJKMNPQRTVWXY";
/// 24^12 is about 2^55 codes.
const CODE_CHARS: usize = 12;
const GROUP_CHARS: usize = 4;
/// Ten of 2^55 leave no chance to guess, and are enough for anybody who types.
const MAX_WRONG_TRIES: u32 = 10;

type Code = Zeroizing<[u8; CODE_CHARS]>;

/// What became of a code that was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// The code is used up.
    Accepted,
    Wrong {
        tries_left: u32,
    },
    /// Wrong once too often. There is a new code: print [`SetupCode::for_console`] again.
    Replaced,
    /// There is no code any more: it has been used.
    UsedUp,
}

pub struct SetupCode(Mutex<State>);

struct State {
    /// None once it has been used.
    code: Option<Code>,
    wrong_tries: u32,
}

impl SetupCode {
    pub fn generate() -> Self {
        Self(Mutex::new(State { code: Some(random()), wrong_tries: 0 }))
    }

    /// The code as it is printed, like `K7PM-3X9Q-TR2D`. None once it has been used.
    pub fn for_console(&self) -> Option<Zeroizing<String>> {
        self.state().code.as_ref().map(print)
    }

    /// Uses the code up, when it is the right one. Upper or lower case, dashes and spaces make no difference.
    ///
    /// Check everything else that was entered first: the code works once. Where creating the admin fails nevertheless,
    /// [`renew`](Self::renew) it.
    pub fn redeem(&self, entered: &str) -> Redemption {
        let mut state = self.state();
        let Some(code) = &state.code else { return Redemption::UsedUp };
        if is_equal(code, entered) {
            state.code = None;
            return Redemption::Accepted;
        }
        state.wrong_tries += 1;
        if state.wrong_tries >= MAX_WRONG_TRIES {
            *state = State { code: Some(random()), wrong_tries: 0 };
            return Redemption::Replaced;
        }
        Redemption::Wrong { tries_left: MAX_WRONG_TRIES - state.wrong_tries }
    }

    /// Puts a new code in the place of the old one, used or not, and gives it to be printed.
    pub fn renew(&self) -> Zeroizing<String> {
        let code = random();
        let printed = print(&code);
        *self.state() = State { code: Some(code), wrong_tries: 0 };
        printed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn random() -> Code {
    let mut random = OsRng.unwrap_err();
    Zeroizing::new(std::array::from_fn(|_| ALPHABET[random.random_range(0..ALPHABET.len())]))
}

fn print(code: &Code) -> Zeroizing<String> {
    let mut printed = Zeroizing::new(String::with_capacity(CODE_CHARS + CODE_CHARS / GROUP_CHARS));
    for (index, byte) in code.iter().enumerate() {
        if index > 0 && index % GROUP_CHARS == 0 {
            printed.push('-');
        }
        printed.push(char::from(*byte));
    }
    printed
}

/// A new code of the same form for something else, as it is printed.
pub fn another() -> Zeroizing<String> {
    print(&random())
}

/// A code as it was entered, in the form in which it is printed; None where it cannot be one.
pub fn normalised(entered: &str) -> Option<Zeroizing<String>> {
    let (code, length) = typed(entered)?;
    (length == CODE_CHARS).then(|| print(&code))
}

/// In a time that tells nothing of how much of it was right. That its length was wrong may be told.
fn is_equal(code: &Code, entered: &str) -> bool {
    typed(entered).is_some_and(|(bytes, length)| length == CODE_CHARS && bytes.ct_eq(code.as_slice()).into())
}

/// What was typed, in capitals and without dashes and spaces, and how much it is; None where it is too much.
fn typed(entered: &str) -> Option<(Code, usize)> {
    let mut bytes = Code::default();
    let mut length = 0;
    for char in entered.chars().filter(|char| *char != '-' && !char.is_whitespace()) {
        let (Some(byte), true) = (bytes.get_mut(length), char.is_ascii()) else { return None };
        *byte = char.to_ascii_uppercase() as u8;
        length += 1;
    }
    Some((bytes, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(code: &SetupCode) -> String {
        code.for_console().expect("the code is not used").to_string()
    }

    #[test]
    fn it_is_printed_in_groups_without_look_alikes() {
        for _ in 0..200 {
            let printed = printed(&SetupCode::generate());
            assert_eq!(printed.len(), 14);
            assert!(printed.split('-').all(|group| group.len() == 4), "{printed}");
            assert!(!printed.contains(|char| "0O1ILZ5SG8BU".contains(char)), "{printed}");
        }
        assert_ne!(printed(&SetupCode::generate()), printed(&SetupCode::generate()));
    }

    #[test]
    fn it_works_once_however_it_is_typed() {
        let typed: [fn(&str) -> String; 5] = [
            str::to_owned,
            str::to_lowercase,
            |code| code.replace('-', ""),
            |code| code.replace('-', " "),
            |code| format!(" {}\n", code.replace('-', "--")),
        ];
        for typed in typed {
            let code = SetupCode::generate();
            assert_eq!(code.redeem(&typed(&printed(&code))), Redemption::Accepted);
            assert!(code.for_console().is_none());
            assert_eq!(code.redeem("K7PM-3X9Q-TR2D"), Redemption::UsedUp);
        }
    }

    #[test]
    fn parts_and_more_than_the_code_are_wrong() {
        let code = SetupCode::generate();
        let right = printed(&code);
        for wrong in ["", "-", &right[..13], &format!("{right}A"), &format!("{right}{right}"), "ñññññññññññññ"]
        {
            assert!(matches!(code.redeem(wrong), Redemption::Wrong { .. }), "{wrong}");
        }
        assert_eq!(code.redeem(&right), Redemption::Accepted);
    }

    #[test]
    fn the_tenth_wrong_try_replaces_it() {
        let code = SetupCode::generate();
        let first = printed(&code);
        for tries_left in (1..=9).rev() {
            assert_eq!(code.redeem("wrong"), Redemption::Wrong { tries_left });
        }
        assert_eq!(code.redeem("wrong"), Redemption::Replaced);
        assert_eq!(code.redeem(&first), Redemption::Wrong { tries_left: 9 });
        assert_eq!(code.redeem(&printed(&code)), Redemption::Accepted);
    }

    #[test]
    fn other_codes_are_compared_in_one_form() {
        let code = another();
        assert_eq!(normalised(&code.to_lowercase().replace('-', " ")), Some(code.clone()));
        assert_ne!(another(), code);
        for bad in ["", "K7PM", "K7PM-3X9Q-TR2D-A", "ñ7PM-3X9Q-TR2D"] {
            assert_eq!(normalised(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_renewed_code_works_after_the_old_one_was_used() {
        let code = SetupCode::generate();
        let first = printed(&code);
        assert_eq!(code.redeem(&first), Redemption::Accepted);
        let second = code.renew();
        assert_ne!(*second, first);
        assert_eq!(code.redeem(&second), Redemption::Accepted);
    }
}
