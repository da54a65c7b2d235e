-- An account is deleted table by table, its wallet last, while its calls may still be committed. What they wrote
-- meanwhile goes with the wallet, whose row's lock every commit takes first: after this nothing of it can be written.
CREATE FUNCTION tollgate_forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM wallet_hold WHERE wallet_id = OLD.user_id;
    DELETE FROM wallet_budget WHERE wallet_id = OLD.user_id;
    DELETE FROM wallet_ledgerentry WHERE wallet_id = OLD.user_id;
    DELETE FROM wallet_walletevent WHERE wallet_id = OLD.user_id;
    DELETE FROM usage_calllog WHERE user_id = OLD.user_id;
    DELETE FROM usage_hourlyusage WHERE user_id = OLD.user_id;
    DELETE FROM notifications_threshold WHERE user_id = OLD.user_id;
    RETURN NULL;
END $$;
CREATE TRIGGER tollgate_forget AFTER DELETE ON wallet_wallet FOR EACH ROW EXECUTE FUNCTION tollgate_forget();
