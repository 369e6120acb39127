-- What stores found odd, by time: a few of a million records, looked at by people.
CREATE INDEX journal_record_of_fraud ON journal_record (occurred_at) WHERE kind = 'fraud.flagged';
