-- Persons to write to.
SELECT
    p.id                                                  AS contact_id,
    p.codigo_cliente                                      AS customer_id,
    p.nombre                                              AS name,
    CASE p.cargo
        WHEN 'ADMINISTRACION' THEN 'accounts_payable'
        WHEN 'FINANZAS' THEN 'finance_lead'
        WHEN 'GERENCIA' THEN 'executive'
        WHEN 'COMPRAS' THEN 'buyer'
    END                                                   AS role,
    p.correo                                              AS email,
    p.telefono                                            AS phone,
    p.direccion                                           AS address,
    p.activo                                              AS active
FROM ventas.contactos AS p
