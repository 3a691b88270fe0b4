-- One row a term (vencimiento): an invoice payable in several terms has a row for each.
SELECT
    v.numero_factura                                      AS invoice_id,
    CASE WHEN v.plazos > 1 THEN v.plazo END               AS term,
    CASE f.tipo WHEN 'ABONO' THEN 'credit_note' ELSE 'invoice' END AS kind,
    f.codigo_cliente                                      AS customer_id,
    f.fecha_factura                                       AS issue_date,
    v.fecha_vencimiento                                   AS due_date,
    v.importe                                             AS amount,
    f.divisa                                              AS currency,
    CASE WHEN f.anulada THEN 'cancelled' WHEN v.cedida THEN 'assigned' ELSE 'open' END AS status,
    f.pedido_cliente                                      AS po_number,
    f.concepto                                            AS description,
    f.factura_rectificada                                 AS credits_invoice_id
FROM ventas.facturas AS f
JOIN ventas.vencimientos AS v ON v.numero_factura = f.numero
