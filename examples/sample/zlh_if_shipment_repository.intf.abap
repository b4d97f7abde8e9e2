"! <p class="shorttext synchronized" lang="en">Access to stored shipments</p>
INTERFACE zlh_if_shipment_repository
  PUBLIC.

  "! @parameter shipment_id | Number of the shipment
  "! @parameter result | The shipment with its route
  "! @raising zlh_cx_freight | The shipment does not exist, or it is not consistent
  METHODS find_by_id
    IMPORTING
      shipment_id   TYPE zlh_shipment_id
    RETURNING
      VALUE(result) TYPE REF TO zlh_cl_shipment
    RAISING
      zlh_cx_freight.

  "! Stores a new shipment or replaces the stored one. The caller decides when to commit.
  METHODS save
    IMPORTING
      shipment TYPE REF TO zlh_cl_shipment.

  "! Deletes a shipment and its legs; nothing happens if it does not exist
  METHODS delete
    IMPORTING
      shipment_id TYPE zlh_shipment_id.

ENDINTERFACE.
