-- Open support tickets of severity 1 and 2, and running negotiations, from the CRM.
SELECT
    t.account_code                                        AS customer_id,
    CASE t.record_type WHEN 'TICKET' THEN 'support_ticket' ELSE 'negotiation' END AS kind,
    t.opened_on                                           AS "from",
    t.closed_on                                           AS until,
    t.owner_email                                         AS owner,
    t.subject                                             AS note
FROM crm.activities AS t
WHERE (t.record_type = 'TICKET' AND t.severity <= 2) OR t.record_type = 'NEGOTIATION'
