-- One row a customer; columns are those of the table `customers`.
SELECT
    c.codigo                                              AS customer_id,
    c.razon_social                                        AS name,
    c.pais                                                AS country,
    COALESCE(c.idioma, 'es')                              AS language,
    c.segmento                                            AS segment,
    c.codigo_pagador                                      AS payer_id,
    CASE c.forma_pago
        WHEN 'RECIBO' THEN 'direct_debit'
        WHEN 'PAGARE' THEN 'bill_of_exchange'
        WHEN 'TARJETA' THEN 'card'
        ELSE 'transfer'
    END                                                   AS payment_method,
    c.correo_comercial                                    AS sales_owner,
    c.correo_gestor                                       AS collector,
    CASE WHEN c.concurso THEN 'insolvency' WHEN c.baja THEN 'closed' ELSE 'active' END AS status,
    c.nif                                                 AS vat_no,
    CASE c.tipo WHEN 'AUT' THEN 'sole_trader' WHEN 'PUB' THEN 'public_body' ELSE 'company' END AS legal_form
FROM ventas.clientes AS c
