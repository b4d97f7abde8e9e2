INTERFACE if_apc_wsp_server_context PUBLIC.
ENDINTERFACE.
