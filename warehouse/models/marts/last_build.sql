-- When the newest build began: whatever had been recorded by then is in the tables of tag intraday. Tests compare
-- gold with ops up to this moment, because the services go on writing while the tables are built and tested.
select {{ moment(run_started_at.isoformat()) }} as started_at
