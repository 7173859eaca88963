"""The test problems of gradient sliding: regression with outliers, deblurring, a portfolio, their optima certified."""
