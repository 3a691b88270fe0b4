-- Invoices and credit notes of the last three years, and whatever older is still open.
SELECT
    d.document_no                                         AS invoice_id,
    CASE d.document_type WHEN 'CRN' THEN 'credit_note' ELSE 'invoice' END AS kind,
    d.account_code                                        AS customer_id,
    d.delivery_account                                    AS ship_to_id,
    d.document_date                                       AS issue_date,
    d.due_date                                            AS due_date,
    d.gross_amount                                        AS amount,
    d.currency_code                                       AS currency,
    CASE WHEN d.voided THEN 'cancelled' WHEN d.written_off THEN 'written_off' ELSE 'open' END AS status,
    d.customer_order_no                                   AS po_number,
    d.narrative                                           AS description,
    d.pdf_url                                             AS document,
    d.credited_document_no                                AS credits_invoice_id
FROM sales_ledger.documents AS d
WHERE d.document_type IN ('INV', 'CRN')
  AND (d.outstanding_amount <> 0 OR d.document_date >= CURRENT_DATE - INTERVAL '3 years')
