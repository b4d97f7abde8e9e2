"! <p class="shorttext synchronized" lang="en">Renders a quote as a table of text</p>
CLASS zlh_cl_quote_text DEFINITION
  PUBLIC
  FINAL
  CREATE PUBLIC.

  PUBLIC SECTION.
    INTERFACES zlh_if_quote_format.

  PROTECTED SECTION.
  PRIVATE SECTION.
    CONSTANTS:
      BEGIN OF widths,
        label    TYPE i VALUE 15,
        leg      TYPE i VALUE 5,
        place    TYPE i VALUE 7,
        mode     TYPE i VALUE 14,
        distance TYPE i VALUE 12,
        amount   TYPE i VALUE 16,
        all      TYPE i VALUE 93,
      END OF widths.

    METHODS render_head
      IMPORTING
        quote         TYPE REF TO zlh_cl_quote
      RETURNING
        VALUE(result) TYPE string_table.

    METHODS render_column_titles
      RETURNING
        VALUE(result) TYPE string.

    METHODS render_item
      IMPORTING
        item          TYPE zlh_cost_item
        leg           TYPE zlh_leg
      RETURNING
        VALUE(result) TYPE string.

    METHODS render_total
      IMPORTING
        head          TYPE zlh_quote_head
      RETURNING
        VALUE(result) TYPE string.

    METHODS render_label
      IMPORTING
        label         TYPE clike
        text          TYPE clike
      RETURNING
        VALUE(result) TYPE string.
ENDCLASS.



CLASS zlh_cl_quote_text IMPLEMENTATION.


  METHOD render_column_titles.
    result = NEW lcl_row( )->add_left( text = 'Leg'(006) width = widths-leg
      )->add_left( text = 'From'(007) width = widths-place
      )->add_left( text = 'To'(008) width = widths-place
      )->add_left( text = 'Mode'(009) width = widths-mode
      )->add_right( text = 'Distance'(010) width = widths-distance
      )->add_right( text = 'Base cost'(011) width = widths-amount
      )->add_right( text = 'Surcharge'(012) width = widths-amount
      )->add_right( text = 'Total'(013) width = widths-amount
      )->to_text( ).
  ENDMETHOD.


  METHOD render_head.
    DATA(head) = quote->get_head( ).
    DATA(shipment) = quote->get_shipment( ).

    result = VALUE #(
      ( |{ 'Freight quote'(001) } { zlh_cl_shipment=>to_external_id( head-shipment_id ) }| )
      ( render_label( label = 'Goods'(002)
                      text  = shipment->get_header( )-goods_text ) )
      ( render_label( label = 'Route'(003)
                      text  = shipment->get_route( )->to_text( ) ) )
      ( render_label( label = 'Weight'(004)
                      text  = shipment->get_weight( )->to_text( ) ) )
      ( render_label( label = 'Valid until'(005)
                      text  = |{ head-valid_until DATE = ISO }| ) ) ).
  ENDMETHOD.


  METHOD render_item.
    result = NEW lcl_row( )->add_left( text = item-leg_no width = widths-leg
      )->add_left( text = leg-from_place width = widths-place
      )->add_left( text = leg-to_place width = widths-place
      )->add_left( text  = zlh_cl_transport_mode=>get_text( leg-transport_mode )
                   width = widths-mode
      )->add_right( text = |{ leg-distance } km| width = widths-distance
      )->add_right( text  = lcl_money=>to_text( amount   = item-base_cost
                                                currency = item-currency )
                    width = widths-amount
      )->add_right( text  = lcl_money=>to_text( amount   = item-surcharge
                                                currency = item-currency )
                    width = widths-amount
      )->add_right( text  = lcl_money=>to_text( amount   = item-total_cost
                                                currency = item-currency )
                    width = widths-amount
      )->to_text( ).
  ENDMETHOD.


  METHOD render_label.
    DATA(caption) = |{ label }:|.
    result = |{ caption WIDTH = widths-label }{ text }|.
  ENDMETHOD.


  METHOD render_total.
    DATA(amount_text) = lcl_money=>to_text( amount   = head-total_cost
                                            currency = head-currency ).

    result = NEW lcl_row( )->add_left( text  = 'Total'(013)
                                       width = widths-all - widths-amount
      )->add_right( text  = amount_text
                    width = widths-amount
      )->to_text( ).
  ENDMETHOD.


  METHOD zlh_if_quote_format~render.
    DATA(legs) = quote->get_shipment( )->get_route( )->get_legs( ).
    DATA(rule) = repeat( val = `-`
                         occ = widths-all ).

    result = render_head( quote ).
    INSERT rule INTO TABLE result.
    INSERT render_column_titles( ) INTO TABLE result.
    INSERT rule INTO TABLE result.

    LOOP AT quote->get_items( ) INTO DATA(item).
      INSERT render_item( item = item
                          leg  = legs[ leg_no = item-leg_no ] ) INTO TABLE result.
    ENDLOOP.

    INSERT rule INTO TABLE result.
    INSERT render_total( quote->get_head( ) ) INTO TABLE result.
  ENDMETHOD.
ENDCLASS.
