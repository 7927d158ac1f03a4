-- A user who is disabled loses the tokens for good: one that leaked does not come back with its owner.
CREATE TRIGGER users_disabled AFTER UPDATE OF disabled ON users WHEN NEW.disabled = 1
BEGIN
    UPDATE api_tokens SET revoked_at = NEW.updated_at WHERE owner = NEW.id AND revoked_at IS NULL;
END;
