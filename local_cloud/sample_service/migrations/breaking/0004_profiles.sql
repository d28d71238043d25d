-- What releases before this one may still read.
ALTER TABLE user_profiles DROP COLUMN country_code;
