-- One row a customer; columns are those of the table `customers`.
SELECT
    a.account_code                                        AS customer_id,
    a.account_name                                        AS name,
    a.country_code                                        AS country,
    a.language_code                                       AS language,
    CASE a.size_band WHEN 'S' THEN 'small' WHEN 'M' THEN 'medium' ELSE 'large' END AS segment,
    a.is_key_account                                      AS vip,
    NULLIF(a.invoice_to_account, a.account_code)          AS payer_id,
    a.group_code                                          AS group_id,
    CASE a.payment_terms_method WHEN 'DD' THEN 'direct_debit' WHEN 'CARD' THEN 'card' ELSE 'transfer' END
                                                          AS payment_method,
    a.account_manager_email                               AS sales_owner,
    a.credit_controller_email                             AS collector,
    CASE WHEN a.insolvent THEN 'insolvency' WHEN a.closed THEN 'closed' ELSE 'active' END AS status,
    a.company_number                                      AS registration_no,
    a.vat_number                                          AS vat_no,
    a.credit_limit                                        AS credit_limit
FROM sales_ledger.accounts AS a
