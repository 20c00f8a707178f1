//! What a name may be: of a modality, a class or a group. Names come from
//! files and go to terminals, pages and file names.

use super::error::{DataError, Named, shown};

/// Longest name, in characters.
pub const MAX_NAME_CHARS: usize = 200;

/// Characters that a modality's name must not hold: it becomes part of file
/// names, and reports join names with `+`.
const NOT_IN_MODALITY: [char; 3] = ['/', '\\', '+'];

/// Checks a class or group name: not empty, not over-long, printable, without
/// blanks around it.
pub(super) fn check_name(of: Named, name: &str) -> Result<(), DataError> {
    if name.is_empty() {
        return Err(DataError::NameEmpty { of });
    }
    let n_chars = name.chars().count();
    if n_chars > MAX_NAME_CHARS {
        return Err(DataError::NameTooLong { of, name: shown(name), n_chars });
    }
    if let Some(character) = name.chars().find(|c| is_unprintable(*c)) {
        return Err(DataError::NameNotPrintable { of, name: shown(name), character });
    }
    if name.trim() != name {
        return Err(DataError::NamePadded { of, name: shown(name) });
    }
    Ok(())
}

/// Checks a modality's name: as [`check_name`], and safe as part of a path.
pub(super) fn check_modality_name(name: &str) -> Result<(), DataError> {
    check_name(Named::Modality, name)?;
    if let Some(character) = name.chars().find(|c| NOT_IN_MODALITY.contains(c)) {
        return Err(DataError::NameCharacter { name: shown(name), character });
    }
    if name.starts_with('.') {
        return Err(DataError::NameCharacter { name: shown(name), character: '.' });
    }
    Ok(())
}

/// Control characters, line and paragraph separators, and marks that reorder
/// or hide text (Unicode bidirectional controls, zero-width and tag
/// characters). Joiners are kept: scripts need them.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}')
}
