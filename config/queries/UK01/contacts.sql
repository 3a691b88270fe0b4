-- Persons to write to; an account's general address is its accounts payable department.
SELECT
    p.person_id                                           AS contact_id,
    p.account_code                                        AS customer_id,
    p.full_name                                           AS name,
    CASE p.job_code
        WHEN 'AP' THEN 'accounts_payable'
        WHEN 'FD' THEN 'finance_lead'
        WHEN 'MD' THEN 'executive'
        WHEN 'PU' THEN 'buyer'
    END                                                   AS role,
    p.email                                               AS email,
    p.mobile_e164                                         AS phone,
    p.postal_address                                      AS address,
    p.language_code                                       AS language,
    NOT p.left_company                                    AS active
FROM crm.people AS p
