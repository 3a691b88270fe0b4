-- One row an allocation; cash on account has no invoice; a reversal is negative.
SELECT
    r.receipt_no || '/' || r.line_no                      AS payment_id,
    r.account_code                                        AS customer_id,
    r.value_date                                          AS date,
    r.amount                                              AS amount,
    r.currency_code                                       AS currency,
    r.allocated_document_no                               AS invoice_id,
    r.receipt_method                                      AS method
FROM sales_ledger.receipt_lines AS r
WHERE r.value_date >= CURRENT_DATE - INTERVAL '3 years'
