-- Receipts and returned direct debits (negative).
SELECT
    m.id                                                  AS payment_id,
    m.codigo_cliente                                      AS customer_id,
    m.fecha_valor                                         AS date,
    CASE m.tipo WHEN 'DEVOLUCION' THEN -m.importe ELSE m.importe END AS amount,
    m.divisa                                              AS currency,
    m.numero_factura                                      AS invoice_id,
    m.medio                                               AS method
FROM tesoreria.movimientos AS m
